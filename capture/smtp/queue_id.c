#include "smtp/queue_id.h"
