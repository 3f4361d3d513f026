#include "addon.h"

void RegisterSrtp(napi_env, napi_value) {}
