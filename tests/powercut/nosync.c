/* For the control of the power-cut suite: under this nothing is synced, so a cut must lose what was acknowledged. */
#include <stddef.h>
#include <sys/types.h>

int fsync(int fd) { (void)fd; return 0; }
int fdatasync(int fd) { (void)fd; return 0; }
int syncfs(int fd) { (void)fd; return 0; }
int msync(void *from, size_t bytes, int flags) { (void)from; (void)bytes; (void)flags; return 0; }
int sync_file_range(int fd, off_t from, off_t bytes, unsigned flags) { (void)fd; (void)from; (void)bytes; (void)flags; return 0; }
