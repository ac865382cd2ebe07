#include "base/timestamp.h"
