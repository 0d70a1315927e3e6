"""The layers of real networks for one image, every distinct shape once, under the layer's own name where it has one.

Sources. lenet5: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition" (1998), figure 2. alexnet: Krizhevsky, Sutskever and Hinton, "ImageNet classification with
deep convolutional neural networks" (2012), section 3.5, in the shapes of oneDNN's benchdnn
(shapes_alexnet). vgg16: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
recognition" (2014), configuration D. resnet50: He, Zhang, Ren and Sun, "Deep residual learning for image
recognition" (2015), in version 1.5, whose stride lies in the 3x3 layer (benchdnn's
shapes_resnet_50_v1_5). mobilenet: Howard and others, "MobileNets: efficient convolutional neural networks
for mobile vision applications" (2017), table 1 (benchdnn's shapes_mobilenet and shapes_mobilenet_dw). dcgan: Radford,
Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial networks"
(2015), a generator of images of 64 x 64 with kernels of 4 x 4, in the shapes of PyTorch's example of that name.
"""

from convnotes.cases.case import Case, convolution, pool


def _lrn(name: str, C: int, image: int) -> Case:
    # The paper's n = 5, alpha = 1e-4, beta = 0.75, k = 2; torch divides alpha by n, hence 5e-4.
    return Case(name, "local_response_norm", (1, C, image, image), None, {"size": 5, "alpha": 5e-4, "k": 2.0})


def _vgg(name: str, C_in: int, C_out: int, image: int) -> Case:
    return convolution(f"vgg16/{name}", C_in, C_out, 3, image, padding=1)


def _resnet(name: str, C_in: int, C_out: int, k: int, image: int, stride: int = 1) -> Case:
    return convolution(f"resnet50/{name}", C_in, C_out, k, image, stride, (k - 1) // 2)


def _depthwise(C: int, image: int, stride: int = 1) -> Case:
    name = f"mobilenet/depthwise {C}" + (f" stride {stride}" if stride > 1 else "")
    return convolution(name, C, C, 3, image, stride, 1, groups=C)


def _pointwise(C_in: int, C_out: int, image: int) -> Case:
    return convolution(f"mobilenet/pointwise {C_in} to {C_out}", C_in, C_out, 1, image)


def _transposed(name: str, C_in: int, C_out: int, image: int, stride: int = 2, padding: int = 1) -> Case:
    """A transposed convolution by kernels of 4 x 4, which doubles the image unless told otherwise."""
    options = {"stride": stride, "padding": padding}
    size, weight = (1, C_in, image, image), (C_in, C_out, 4, 4)
    return Case(f"dcgan/{name}", "conv_transpose2d", size, weight, options)


def _stage(number: int, C: int, image: int) -> tuple[Case, ...]:
    """A stage of ResNet-50 that halves an image of 2 C channels; its blocks are C wide inside and 4 C outside."""
    half, name = image // 2, f"stage{number}"
    return (
        _resnet(f"{name} reduce first", 2 * C, C, 1, image),
        _resnet(f"{name} 3x3 stride 2", C, C, 3, image, 2),
        _resnet(f"{name} shortcut", 2 * C, 4 * C, 1, image, 2),
        _resnet(f"{name} expand", C, 4 * C, 1, half),
        _resnet(f"{name} reduce", 4 * C, C, 1, half),
        _resnet(f"{name} 3x3", C, C, 3, half),
    )


CASES = (
    convolution("lenet5/conv1", 1, 6, 5, 32),
    pool("lenet5/pool1", "avg_pool2d", 6, 28, 2, 2),
    convolution("lenet5/conv2", 6, 16, 5, 14),
    pool("lenet5/pool2", "avg_pool2d", 16, 10, 2, 2),
    convolution("alexnet/conv1", 3, 96, 11, 227, stride=4),
    _lrn("alexnet/norm1", 96, 55),
    pool("alexnet/pool1", "max_pool2d", 96, 55, 3, 2),
    convolution("alexnet/conv2", 96, 256, 5, 27, padding=2, groups=2),
    _lrn("alexnet/norm2", 256, 27),
    pool("alexnet/pool2", "max_pool2d", 256, 27, 3, 2),
    convolution("alexnet/conv3", 256, 384, 3, 13, padding=1),
    convolution("alexnet/conv4", 384, 384, 3, 13, padding=1, groups=2),
    convolution("alexnet/conv5", 384, 256, 3, 13, padding=1, groups=2),
    pool("alexnet/pool5", "max_pool2d", 256, 13, 3, 2),
    _vgg("conv1_1", 3, 64, 224),
    _vgg("conv1_2", 64, 64, 224),
    pool("vgg16/pool1", "max_pool2d", 64, 224, 2, 2),
    _vgg("conv2_1", 64, 128, 112),
    _vgg("conv2_2", 128, 128, 112),
    pool("vgg16/pool2", "max_pool2d", 128, 112, 2, 2),
    _vgg("conv3_1", 128, 256, 56),
    _vgg("conv3_2", 256, 256, 56),
    pool("vgg16/pool3", "max_pool2d", 256, 56, 2, 2),
    _vgg("conv4_1", 256, 512, 28),
    _vgg("conv4_2", 512, 512, 28),
    pool("vgg16/pool4", "max_pool2d", 512, 28, 2, 2),
    _vgg("conv5_1", 512, 512, 14),
    pool("vgg16/pool5", "max_pool2d", 512, 14, 2, 2),
    convolution("resnet50/conv1", 3, 64, 7, 224, 2, 3),
    pool("resnet50/pool1", "max_pool2d", 64, 112, 3, 2, 1),
    _resnet("stage2 reduce first", 64, 64, 1, 56),
    _resnet("stage2 3x3", 64, 64, 3, 56),
    _resnet("stage2 expand", 64, 256, 1, 56),  # the shortcut has the same shape
    _resnet("stage2 reduce", 256, 64, 1, 56),
    *_stage(3, 128, 56),
    *_stage(4, 256, 28),
    *_stage(5, 512, 14),
    pool("resnet50/global pool", "avg_pool2d", 2048, 7, 7, 1),
    convolution("mobilenet/conv1", 3, 32, 3, 224, 2, 1),
    _depthwise(32, 112),
    _pointwise(32, 64, 112),
    _depthwise(64, 112, 2),
    _pointwise(64, 128, 56),
    _depthwise(128, 56),
    _pointwise(128, 128, 56),
    _depthwise(128, 56, 2),
    _pointwise(128, 256, 28),
    _depthwise(256, 28),
    _pointwise(256, 256, 28),
    _depthwise(256, 28, 2),
    _pointwise(256, 512, 14),
    _depthwise(512, 14),
    _pointwise(512, 512, 14),
    _depthwise(512, 14, 2),
    _pointwise(512, 1024, 7),
    _depthwise(1024, 7),
    _pointwise(1024, 1024, 7),
    pool("mobilenet/global pool", "avg_pool2d", 1024, 7, 7, 1),
    _transposed("project", 100, 512, 1, 1, 0),
    _transposed("transposed 4", 512, 256, 4),
    _transposed("transposed 8", 256, 128, 8),
    _transposed("transposed 16", 128, 64, 16),
    _transposed("transposed 32", 64, 3, 32),
)
