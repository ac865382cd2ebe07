#include "smtp/path.h"
