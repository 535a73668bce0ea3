package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class NotificationSettingsTest {
    @Test
    void every_setting_can_be_changed_alone() throws ReflectiveOperationException {
        NotificationSettings defaults = NotificationSettings.defaults();
        for (RecordComponent changed : NotificationSettings.class.getRecordComponents()) {
            Object value = other(changed.getAccessor().invoke(defaults));
            NotificationSettings after = (NotificationSettings) wither(changed).invoke(defaults, value);
            for (RecordComponent each : NotificationSettings.class.getRecordComponents()) {
                Object expected = each.getName().equals(changed.getName())
                        ? value
                        : each.getAccessor().invoke(defaults);
                assertThat(each.getAccessor().invoke(after)).as(each.getName()).isEqualTo(expected);
            }
        }
    }

    @Test
    void a_value_out_of_range_is_refused_by_name() throws ReflectiveOperationException {
        for (RecordComponent changed : NotificationSettings.class.getRecordComponents()) {
            if (changed.getType() == Duration.class) {
                refused(changed, Duration.ZERO);
                refused(changed, Duration.ofSeconds(-1));
                refused(changed, Duration.ofHours(2));
            }
        }
        assertThatThrownBy(() -> NotificationSettings.defaults().withInboxSize(0))
                .hasMessageContaining("inboxSize");
        assertThatThrownBy(() -> NotificationSettings.defaults().withInboxSize(1_000_001))
                .hasMessageContaining("PGF-NTF-004");
    }

    private static void refused(RecordComponent changed, Duration value) throws ReflectiveOperationException {
        Method wither = wither(changed);
        assertThatThrownBy(() -> wither.invoke(NotificationSettings.defaults(), value))
                .cause()
                .hasMessageContaining("PGF-NTF-004")
                .hasMessageContaining(changed.getName());
    }

    private static Method wither(RecordComponent changed) throws NoSuchMethodException {
        String name = changed.getName();
        return NotificationSettings.class.getMethod(
                "with" + Character.toUpperCase(name.charAt(0)) + name.substring(1), changed.getType());
    }

    private static Object other(Object value) {
        if (value instanceof Boolean flag) {
            return !flag;
        }
        return value instanceof Integer number ? number + 1 : ((Duration) value).plusMillis(1);
    }
}
