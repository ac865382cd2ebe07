#include "smtp/verb.h"
