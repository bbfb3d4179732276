#include <stdio.h>
#include <string.h>

#include "monitor.h"

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "--spawner") == 0)
		return spawner_run(argc, argv);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("gantry-monitor protocol %d\n", PROTOCOL_VERSION);
		return 0;
	}
	fputs("gantry-monitor is started by gantryd: gantry-monitor --spawner <exec root>\n", stderr);
	return 2;
}
