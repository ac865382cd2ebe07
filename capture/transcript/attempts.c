#include "transcript/attempts.h"
