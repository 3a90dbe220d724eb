# The program itself says what can be completed, so that this fits whatever version is installed.
source <(COMPLETE=bash sim800)
