#include "addon.h"

void RegisterDtls(napi_env, napi_value) {}
