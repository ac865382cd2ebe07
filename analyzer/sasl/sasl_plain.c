#include "sasl/sasl.h"
