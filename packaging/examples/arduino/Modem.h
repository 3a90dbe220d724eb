// A class as sketches have it: it knows Arduino's Stream and nothing of this machine.
#pragma once

#include "Arduino.h"

class Modem {
 public:
  explicit Modem(Stream& line) : line_(line) {}

  // Sends a command line; whether `OK` came in time. What came is in `answer`.
  bool command(const char* text, unsigned long patience = 5000) {
    line_.print(text);
    line_.print("\r");
    answer.clear();
    for (const unsigned long start = millis(); millis() - start < patience;) {
      while (line_.available() > 0) answer += static_cast<char>(line_.read());
      if (endsWith("\r\nOK\r\n")) return true;
      if (endsWith("ERROR\r\n")) return false;
    }
    return false;
  }

  // From 0 to 31, 99 for unknown, -1 for no answer.
  int signal() {
    if (!command("AT+CSQ")) return -1;
    const size_t place = answer.find("+CSQ: ");
    return place == std::string::npos ? -1 : atoi(answer.c_str() + place + 6);
  }

  std::string answer;

 private:
  bool endsWith(const char* text) const {
    const size_t length = strlen(text);
    return answer.size() >= length && answer.compare(answer.size() - length, length, text) == 0;
  }

  Stream& line_;
};
