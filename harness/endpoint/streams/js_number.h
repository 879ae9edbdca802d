/* Text to number as JavaScript's Number() does it: the protocol's headers are read with it
 * (OUT-24 to OUT-26, RES-03 to RES-09). */
#ifndef CHATSPEC_ENDPOINT_JS_NUMBER_H
#define CHATSPEC_ENDPOINT_JS_NUMBER_H

#include "wire/bytes.h"

/* False for NaN. ASCII white space around the number is passed over; empty text is 0; decimal,
 * exponent, 0x, 0o, 0b and Infinity forms are numbers. Texts longer than 256 bytes are none. */
bool cs_js_number(struct cs_view text, double *ret_value);

#endif
