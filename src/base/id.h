/* Identifiers that we make: UUID version 7 for events, random text for everything that must not be guessed. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stddef.h>
#include <stdint.h>

#define UUID_TEXT_SIZE 37
/* RFC 9562 version 7, lower case; within one process each is greater than the one before. Returns text. */
char *uuid_v7(int64_t time_us, char text[UUID_TEXT_SIZE]);
/* True for 8-4-4-4-12 hexadecimal digits. */
int uuid_valid(const char *text);

#endif
