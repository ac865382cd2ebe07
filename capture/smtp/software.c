#include "smtp/software.h"
