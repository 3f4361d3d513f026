#include "addon.h"

void RegisterUdp(napi_env, napi_value) {}
