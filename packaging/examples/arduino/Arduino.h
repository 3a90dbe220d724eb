// As much of Arduino as the sketch needs, on a POSIX machine: the clock, and a Stream that is a serial port or a pty.
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

inline unsigned long millis() {
  using namespace std::chrono;
  return static_cast<unsigned long>(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

class Stream {
 public:
  virtual ~Stream() = default;
  virtual int available() = 0;
  virtual int read() = 0;
  virtual size_t print(const char* text) = 0;
};

class PortStream : public Stream {
 public:
  PortStream(const char* path, speed_t rate) : port_(open(path, O_RDWR | O_NOCTTY)) {
    termios settings{};
    if (port_ >= 0 && tcgetattr(port_, &settings) == 0) {
      cfmakeraw(&settings);
      cfsetspeed(&settings, rate);
      tcsetattr(port_, TCSANOW, &settings);
    }
  }
  ~PortStream() override {
    if (port_ >= 0) close(port_);
  }
  PortStream(const PortStream&) = delete;
  PortStream& operator=(const PortStream&) = delete;

  bool isOpen() const { return port_ >= 0; }

  int available() override {
    int count = 0;
    return ioctl(port_, FIONREAD, &count) == 0 ? count : 0;
  }
  int read() override {
    unsigned char octet = 0;
    return ::read(port_, &octet, 1) == 1 ? octet : -1;
  }
  size_t print(const char* text) override {
    const ssize_t count = ::write(port_, text, strlen(text));
    return count > 0 ? static_cast<size_t>(count) : 0;
  }

 private:
  int port_;
};
