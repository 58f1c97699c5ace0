// An alarm with hysteresis, in C++: classes, templates and constant expressions work; exceptions, virtual functions and
// constructors that would have to run before the entry point do not. It logs when its state changes and returns it.
//
// SPDX-License-Identifier: Apache-2.0
#include <atto.h>

namespace {

template <typename T> class Hysteresis {
public:
    constexpr Hysteresis(T low, T high) : low_(low), high_(high) {}

    // Returns whether the state changed.
    bool update(T value)
    {
        const bool before = on_;

        if (value > high_)
            on_ = true;
        else if (value < low_)
            on_ = false;
        return on_ != before;
    }

    bool on() const { return on_; }

private:
    T low_, high_;
    bool on_ = false;
};

// Hundredths of a degree. Its initial value is a constant, so it is plain data.
Hysteresis<int32_t> alarm{2100, 2200};

} // namespace

ATTO_ENTRY int64_t run()
{
    atto_reading temperature;

    if (atto_sensor_read(HANDLE_TEMPERATURE, &temperature) < 0)
        return -1;
    if (alarm.update(temperature.value[0])) {
        if (alarm.on())
            ATTO_LOG("alarm on");
        else
            ATTO_LOG("alarm off");
    }
    return alarm.on();
}
