// What glibc's libstdc++ and libgcc want of glibc and musl does not have. Only good enough to ask
// a musl executable for its version on a machine that has no C++ library made for musl.

#include <stddef.h>

struct tm;
size_t strftime(char *, size_t, const char *, const struct tm *);

char __libc_single_threaded;
struct { unsigned fields[4]; } __cpu_model;

unsigned arc4random(void) { return 4; }
int __cpu_indicator_init(void) { return 0; }
int _dl_find_object(void *address, void *result) { return -1; }
int __cxa_thread_atexit_impl(void (*function)(void *), void *object, void *handle) { return 0; }
size_t __strftime_l(char *s, size_t n, const char *f, const struct tm *t, void *locale) {
  return strftime(s, n, f, t);
}
