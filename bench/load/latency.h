// Times and percentiles shared by the two load clients.
#ifndef HOLDFAST_LATENCY_H
#define HOLDFAST_LATENCY_H
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

// Grows by doubling; values are microseconds.
struct samples {
  uint32_t *at;
  size_t count, room;
};

static inline double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline uint64_t wall_microseconds(void) {
  struct timeval t;
  gettimeofday(&t, NULL);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

static inline void samples_add(struct samples *s, double microseconds) {
  if (s->count == s->room) {
    s->room = s->room ? s->room * 2 : 65536;
    s->at = realloc(s->at, s->room * sizeof *s->at);
    if (!s->at) exit(70);
  }
  s->at[s->count++] = microseconds < 0 ? 0 : microseconds > 4e9 ? 4000000000u : (uint32_t)microseconds;
}

static int samples_order(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static inline void samples_sort(struct samples *s) {
  if (s->count) qsort(s->at, s->count, sizeof *s->at, samples_order);
}

// Milliseconds below which the share `p` of the sorted samples lies; 0 when there are none.
static inline double samples_percentile(const struct samples *s, double p) {
  return s->count ? s->at[(size_t)((double)(s->count - 1) * p)] / 1000.0 : 0;
}
#endif
