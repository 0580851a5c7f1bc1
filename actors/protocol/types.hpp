// The plain values that messages are made of. No tensor, no JSON value, no pointer.
#pragma once

#include "actors/protocol/answer.hpp"
#include "actors/protocol/ids.hpp"
#include "actors/protocol/operators.hpp"
#include "actors/protocol/request.hpp"
#include "actors/protocol/sequence.hpp"
