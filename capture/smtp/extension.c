#include "smtp/extension.h"
