// A test of the sketch's class on this machine; the module's port is the first argument.
#include <cstdio>

#include "Modem.h"

#define CHECK(what)                                                             \
  do {                                                                          \
    if (!(what)) {                                                              \
      fprintf(stderr, "line %d: %s; the module said: %s\n", __LINE__, #what, modem.answer.c_str()); \
      return 1;                                                                 \
    }                                                                           \
  } while (false)

int main(int count, char** arguments) {
  if (count < 2) return 2;
  PortStream line(arguments[1], B9600);
  Modem modem(line);
  CHECK(line.isOpen());
  CHECK(modem.command("ATE0"));
  CHECK(modem.signal() == 7);
  CHECK(!modem.command("AT+CPIN?"));
  CHECK(modem.command("AT+CGMM") && modem.answer == "\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n");
  puts("all is well");
  return 0;
}
