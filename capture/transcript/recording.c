#include "transcript/recording.h"
