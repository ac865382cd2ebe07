#include "base/budget.h"
