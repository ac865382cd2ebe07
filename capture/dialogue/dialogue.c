#include "dialogue/dialogue.h"
