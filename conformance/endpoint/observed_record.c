#include "conformance/endpoint/cases.h"
#include "conformance/endpoint/kit.h"
const struct cs_case endpoint_observed_record_cases[] = {{0}};
