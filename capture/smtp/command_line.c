#include "smtp/command_line.h"
