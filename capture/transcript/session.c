#include "transcript/session.h"
