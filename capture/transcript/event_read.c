#include "transcript/event_read.h"
