#include "transcript/event_json.h"
