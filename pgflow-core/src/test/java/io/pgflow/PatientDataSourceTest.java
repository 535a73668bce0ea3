package io.pgflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatientDataSourceTest {

    private static final Duration LONG = Duration.ofMinutes(1);

    private final AtomicInteger asked = new AtomicInteger();
    private final Deque<SQLException> refusals = new ArrayDeque<>();
    private final Connection connection = (Connection) Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> null);

    @ParameterizedTest
    @ValueSource(strings = {"08001", "08006", "57P03", "57P01"})
    void while_the_server_is_away_or_starts_it_asks_again(String state) throws SQLException {
        refusals.addAll(List.of(new SQLException("away", state), new SQLException("away", state)));

        assertThat(patient(LONG).getConnection()).isSameAs(connection);
        assertThat(asked).hasValue(3);
    }

    @Test
    void a_broken_network_is_the_same() throws SQLException {
        refusals.add(new SQLException("no route", new ConnectException("refused")));

        assertThat(patient(LONG).getConnection("user", "password")).isSameAs(connection);
    }

    @ParameterizedTest
    @ValueSource(strings = {"28P01", "3D000", "53300", "42501"})
    void what_does_not_pass_by_waiting_is_said_at_once(String state) {
        refusals.add(new SQLException("refused", state));

        assertThatThrownBy(() -> patient(LONG).getConnection()).hasMessage("refused");
        assertThat(asked).hasValue(1);
    }

    @Test
    void after_its_patience_it_says_what_the_server_said_last() {
        refusals.addAll(List.of(new SQLException("gone", "08001"), new SQLException("starting", "57P03")));

        assertThatThrownBy(() -> patient(Duration.ofMillis(150)).getConnection())
                .hasMessage("starting");
    }

    @Test
    void a_pool_that_closes_need_not_wait_for_it() {
        refusals.add(new SQLException("away", "08001"));
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> patient(LONG).getConnection()).hasMessage("away");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void all_else_is_the_drivers() throws SQLException {
        assertThat(patient(LONG).getLoginTimeout()).isEqualTo(7);
        assertThatThrownBy(() -> patient(LONG).setLoginTimeout(3)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> patient(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
    }

    private DataSource patient(Duration patience) {
        DataSource driver = (DataSource) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    switch (method.getName()) {
                        case "getConnection" -> {
                            asked.incrementAndGet();
                            if (!refusals.isEmpty()) {
                                throw refusals.remove();
                            }
                            return connection;
                        }
                        case "getLoginTimeout" -> {
                            return 7;
                        }
                        default -> throw new UnsupportedOperationException(method.getName());
                    }
                });
        return PatientDataSource.around(driver, patience);
    }
}
