"""Layers of other networks for one image, of the kinds that `networks` lacks: a few of each, every shape once.

Sources. Where torchvision has a network, the shapes are those of its file for the images named here.
inception_v3: Szegedy and others, "Rethinking the Inception architecture for computer vision" (2015); torchvision's
inception.py, whose names the layers have, 299 x 299.
densenet121: Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks" (2016), table 1;
torchvision's densenet.py, 224 x 224. A 1x1 is the bottleneck of a block's last layer.
resnext50: Xie, Girshick, Dollar, Tu and He, "Aggregated residual transformations for deep neural networks" (2016),
table 1, with 32 groups (32x4d) and the stride in the 3x3; torchvision's resnet.py, 224 x 224.
shufflenet_v1: Zhang, Zhou, Lin and Sun, "ShuffleNet: an extremely efficient convolutional neural network for mobile
devices" (2017), table 1 with 3 groups, 224 x 224; a unit reduces to a fourth of its channels and expands again.
efficientnet_b0: Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks" (2019),
table 1; torchvision's efficientnet.py, 224 x 224. A 5x5 is depthwise. A squeeze sees the mean of each channel.
mnasnet: Tan and others, "MnasNet: platform-aware neural architecture search for mobile" (2018); torchvision's
mnasnet.py with depths of 1.0, 224 x 224. A 5x5 is depthwise.
convnext_tiny: Liu and others, "A ConvNet for the 2020s" (2022), section 2; torchvision's convnext.py, 224 x 224. A 7x7
is depthwise.
vit_b16: Dosovitskiy and others, "An image is worth 16x16 words: transformers for image recognition at scale" (2020),
table 1; torchvision's vision_transformer.py, 224 x 224.
deeplab_v3: Chen, Papandreou, Schroff and Adam, "Rethinking atrous convolution for semantic image segmentation" (2017),
with ResNet at output stride 16 and crops of 513 x 513: the first two rates of block 4, which are 2 times (1, 2, 4),
and the three of the pyramid (section 3.3).
unet: Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation" (2015), figure 1,
572 x 572. Level 5 is the lowest; an up-convolution is named by the channels that it takes.
fcn8s: Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation" (2014), in the shapes of
the authors' voc-fcn8s/net.py, whose names the layers have, 500 x 500.
srcnn: Dong, Loy, He and Tang, "Image super-resolution using deep convolutional networks" (2015), with kernels 9-1-5
and 9-5-5, on the sub-images of 33 x 33 that it is trained on, without padding; and its first layer on a whole image,
the butterfly of Set5, 256 x 256, whose size is kept.
"""

from dataclasses import replace

from convnotes.cases.case import Case, convolution
from convnotes.parameters import IntOrPair


def _inception(
    name: str, C_in: int, C_out: int, k: IntOrPair, image: int, stride: int = 1, padding: IntOrPair = 0
) -> Case:
    return convolution(f"inception_v3/{name}", C_in, C_out, k, image, stride, padding)


def _densenet(name: str, C_in: int, C_out: int, k: int, image: int) -> Case:
    return convolution(f"densenet121/{name}", C_in, C_out, k, image, padding=(k - 1) // 2)


def _resnext(name: str, C: int, image: int, stride: int = 1) -> Case:
    return convolution(f"resnext50/{name}", C, C, 3, image, stride, 1, groups=32)


def _shufflenet(name: str, C_in: int, C_out: int, image: int) -> Case:
    return convolution(f"shufflenet_v1/{name}", C_in, C_out, 1, image, groups=3)


def _depthwise(network: str, C: int, k: int, image: int, stride: int = 1) -> Case:
    name = f"{network}/{k}x{k} {C}" + (f" stride {stride}" if stride > 1 else "")
    return convolution(name, C, C, k, image, stride, (k - 1) // 2, groups=C)


def _dilated(name: str, C_in: int, C_out: int, dilation: int) -> Case:
    """A 3x3 over a crop's 33 x 33 features, whose number it keeps by padding as far as its kernel reaches."""
    case = convolution(f"deeplab_v3/{name} dilation {dilation}", C_in, C_out, 3, 33, padding=dilation)
    return replace(case, options={**case.options, "dilation": dilation})


def _transposed(name: str, C_in: int, C_out: int, k: int, image: int, stride: int) -> Case:
    """A transposed convolution without padding."""
    return Case(name, "conv_transpose2d", (1, C_in, image, image), (C_in, C_out, k, k), {"stride": stride})


CASES = (
    _inception("conv2d_1a stride 2", 3, 32, 3, 299, 2),
    _inception("conv2d_4a 3x3", 80, 192, 3, 73),
    _inception("mixed_5b 5x5", 48, 64, 5, 35, padding=2),
    _inception("mixed_6a stride 2", 288, 384, 3, 35, 2),
    _inception("mixed_6b 1x7", 128, 128, (1, 7), 17, padding=(0, 3)),
    _inception("mixed_6b 7x1", 128, 192, (7, 1), 17, padding=(3, 0)),
    _inception("mixed_6e 1x7", 192, 192, (1, 7), 17, padding=(0, 3)),
    _inception("mixed_6e 7x1", 192, 192, (7, 1), 17, padding=(3, 0)),
    _inception("mixed_7b 1x3", 384, 384, (1, 3), 8, padding=(0, 1)),
    _inception("mixed_7b 3x1", 384, 384, (3, 1), 8, padding=(1, 0)),
    _densenet("block1 1x1", 224, 128, 1, 56),
    _densenet("block1 3x3", 128, 32, 3, 56),
    _densenet("block2 1x1", 480, 128, 1, 28),
    _densenet("block2 3x3", 128, 32, 3, 28),
    _densenet("block3 1x1", 992, 128, 1, 14),
    _densenet("block3 3x3", 128, 32, 3, 14),
    _resnext("stage2 3x3", 128, 56),
    _resnext("stage3 3x3 stride 2", 256, 56, 2),
    _resnext("stage4 3x3", 512, 14),
    _resnext("stage5 3x3", 1024, 7),
    _shufflenet("stage2 reduce", 240, 60, 28),
    _shufflenet("stage2 expand", 60, 240, 28),
    _shufflenet("stage3 reduce", 480, 120, 14),
    _shufflenet("stage4 expand", 240, 960, 7),
    _depthwise("efficientnet_b0", 144, 5, 56, 2),
    _depthwise("efficientnet_b0", 240, 5, 28),
    _depthwise("efficientnet_b0", 672, 5, 14, 2),
    _depthwise("efficientnet_b0", 1152, 5, 7),
    convolution("efficientnet_b0/squeeze 1152", 1152, 48, 1, 1),
    _depthwise("mnasnet", 72, 5, 56, 2),
    _depthwise("mnasnet", 120, 5, 28),
    _depthwise("mnasnet", 576, 5, 14, 2),
    convolution("convnext_tiny/stem 4x4 stride 4", 3, 96, 4, 224, 4),
    _depthwise("convnext_tiny", 96, 7, 56),
    convolution("convnext_tiny/2x2 96 stride 2", 96, 192, 2, 56, 2),
    _depthwise("convnext_tiny", 192, 7, 28),
    _depthwise("convnext_tiny", 384, 7, 14),
    convolution("convnext_tiny/2x2 384 stride 2", 384, 768, 2, 14, 2),
    _depthwise("convnext_tiny", 768, 7, 7),
    convolution("vit_b16/16x16 stride 16", 3, 768, 16, 224, 16),
    _dilated("block4", 512, 512, 2),
    _dilated("block4", 512, 512, 4),
    _dilated("pyramid", 2048, 256, 6),
    _dilated("pyramid", 2048, 256, 12),
    _dilated("pyramid", 2048, 256, 18),
    convolution("unet/level5 3x3", 512, 1024, 3, 32),
    _transposed("unet/up-convolution 1024", 1024, 512, 2, 28, 2),
    _transposed("unet/up-convolution 256", 256, 128, 2, 100, 2),
    convolution("unet/output 1x1", 64, 2, 1, 388),
    _transposed("fcn8s/upscore2", 21, 21, 4, 16, 2),
    _transposed("fcn8s/upscore_pool4", 21, 21, 4, 34, 2),
    _transposed("fcn8s/upscore8", 21, 21, 16, 70, 8),
    convolution("srcnn/conv1 9x9", 1, 64, 9, 33),
    convolution("srcnn/conv2 1x1", 64, 32, 1, 25),
    convolution("srcnn/conv2 5x5", 64, 32, 5, 25),
    convolution("srcnn/conv3 5x5", 32, 1, 5, 25),
    convolution("srcnn/conv1 9x9 butterfly", 1, 64, 9, 256, padding=4),
)
