#define TROUPE_ATTEND attend_avx512
#include "engine/cpu/attention_kernel.inc"
