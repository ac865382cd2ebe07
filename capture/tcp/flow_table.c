#include "tcp/flow_table.h"
