#include "ip/ip.h"
