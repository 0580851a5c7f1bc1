#define TROUPE_ATTEND attend_avx2
#include "engine/cpu/attention_kernel.inc"
