# The program itself says what can be completed, so that this fits whatever version is installed.
COMPLETE=fish sim800 | source
