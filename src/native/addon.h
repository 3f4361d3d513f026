// What each file of the addon adds to its exports.
#pragma once

#include <node_api.h>

void RegisterSrtp(napi_env env, napi_value exports);
void RegisterDtls(napi_env env, napi_value exports);
void RegisterUdp(napi_env env, napi_value exports);
void RegisterDatagrams(napi_env env, napi_value exports);
