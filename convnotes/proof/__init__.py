"""Everything that is known about the vocabulary, as code that judges any implementation.

`problems` draws layers; `values`, `arrays`, `refusals` and `adjoint` hold the rules; `judge` asks a subject, which is
an implementation in this process or in one of its own, and finds the smallest call that breaks a rule. The tests of
this project and `convnotes check` ask the same questions: a rule that is added here holds for everybody.
"""
