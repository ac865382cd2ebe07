#include "replay/machine.h"
