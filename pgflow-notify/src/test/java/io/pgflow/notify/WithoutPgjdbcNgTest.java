package io.pgflow.notify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Most people do not have the optional driver. */
@Timeout(120)
class WithoutPgjdbcNgTest {
    @Test
    void everything_else_works_and_asking_for_it_is_a_coded_error() throws Exception {
        try (URLClassLoader without = new URLClassLoader(classPathWithoutIt(), ClassLoader.getPlatformClassLoader())) {
            assertThatThrownBy(() -> without.loadClass("com.impossibl.postgres.jdbc.PGDriver"))
                    .isInstanceOf(ClassNotFoundException.class);
            Class<?> notifications = without.loadClass(Notifications.class.getName());
            Object source = without.loadClass("org.postgresql.ds.PGSimpleDataSource")
                    .getConstructor()
                    .newInstance();
            Object running = notifications.getMethod("on", DataSource.class).invoke(null, source);
            assertThat(notifications.getMethod("mode").invoke(running)).hasToString("RECONNECTING");
            notifications.getMethod("close").invoke(running);

            Class<?> listener = without.loadClass(Listener.class.getName());
            assertThatThrownBy(() ->
                            listener.getMethod("pgjdbcNg", DataSource.class).invoke(null, source))
                    .isInstanceOf(InvocationTargetException.class)
                    .cause()
                    .hasMessageContaining("PGF-NTF-005")
                    .hasMessageContaining("com.impossibl.pgjdbc-ng");
        }
    }

    private static URL[] classPathWithoutIt() {
        String[] entries = System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator));
        return Stream.of(entries)
                .filter(entry -> !entry.contains("impossibl") && !entry.contains("netty"))
                .map(WithoutPgjdbcNgTest::url)
                .toArray(URL[]::new);
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(entry, e);
        }
    }
}
