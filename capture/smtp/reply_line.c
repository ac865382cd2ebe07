#include "smtp/reply_line.h"
