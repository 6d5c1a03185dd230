/*
 * The floor: the least that passing telephone sound on costs on a machine. One
 * thread, one UDP socket for every leg, connected to its phone, a level-triggered
 * epoll, recv on one leg and send on the other. It looks at nothing, counts nothing
 * that matters and guards nothing.
 *
 * Standard input has a line for every pair of legs,
 *     PORT ADDRESS:PORT PORT ADDRESS:PORT
 * (our port and the phone of the one leg, the same of the other), then a line
 * "run". It prints "ready" and relays until its input ends.
 *
 * relay [TICK_US]: with a tick, all that has come is passed on once every so many
 * microseconds; without it, which is the floor, at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_events = 256, biggest = 2048, input = -1 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* leg opens our side of one leg. */
static int leg(int port, const char *host, int phone)
{
	struct sockaddr_in mine = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in theirs = {.sin_family = AF_INET, .sin_port = htons(phone)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	mine.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (inet_pton(AF_INET, host, &theirs.sin_addr) != 1) {
		fprintf(stderr, "relay: %s is no address\n", host);
		exit(1);
	}
	if (bind(fd, (struct sockaddr *)&mine, sizeof mine) < 0)
		fail("bind");
	if (connect(fd, (struct sockaddr *)&theirs, sizeof theirs) < 0)
		fail("connect");
	return fd;
}

/* watch adds a leg; the event carries both descriptors, so that no table is needed. */
static void watch(int set, int from, int to)
{
	struct epoll_event e = {.events = EPOLLIN};

	e.data.u64 = (unsigned long long)(unsigned)from << 32 | (unsigned)to;
	if (epoll_ctl(set, EPOLL_CTL_ADD, from, &e) < 0)
		fail("epoll_ctl");
}

static void read_pairs(int set)
{
	char line[256], a[64], b[64];
	int pa, pb, ra, rb;

	while (fgets(line, sizeof line, stdin)) {
		if (strcmp(line, "run\n") == 0)
			return;
		if (sscanf(line, "%d %63[^:]:%d %d %63[^:]:%d", &pa, a, &ra, &pb, b, &rb) != 6) {
			fprintf(stderr, "relay: %s", line);
			exit(1);
		}
		int x = leg(pa, a, ra), y = leg(pb, b, rb);
		watch(set, x, y);
		watch(set, y, x);
	}
	exit(0);
}

/* rest sleeps until the tick is over. */
static void rest(struct timespec *next, long tick)
{
	struct timespec now;

	next->tv_nsec += tick * 1000;
	while (next->tv_nsec >= 1000000000) {
		next->tv_nsec -= 1000000000;
		next->tv_sec++;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > next->tv_sec || (now.tv_sec == next->tv_sec && now.tv_nsec > next->tv_nsec)) {
		*next = now;
		return;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

int main(int argc, char **argv)
{
	static struct epoll_event events[most_events];
	static char packet[biggest];
	long tick = argc > 1 ? atol(argv[1]) : 0;
	int set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event in = {.events = EPOLLIN | EPOLLHUP};
	struct timespec next;

	if (set < 0)
		fail("epoll_create1");
	read_pairs(set);
	in.data.u64 = (unsigned long long)input;
	if (epoll_ctl(set, EPOLL_CTL_ADD, STDIN_FILENO, &in) < 0)
		fail("epoll_ctl");
	puts("ready");
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		int n = epoll_wait(set, events, most_events, tick ? 0 : -1);

		if (n < 0 && errno != EINTR)
			fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			unsigned long long pair = events[i].data.u64;

			if (pair == (unsigned long long)input)
				return 0;
			ssize_t got = recv(pair >> 32, packet, sizeof packet, 0);
			if (got > 0)
				(void)!send((int)(pair & 0xffffffff), packet, got, 0);
		}
		if (tick && n < most_events)
			rest(&next, tick);
	}
}
