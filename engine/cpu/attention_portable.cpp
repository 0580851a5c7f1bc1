#define TROUPE_ATTEND attend_portable
#include "engine/cpu/attention_kernel.inc"
