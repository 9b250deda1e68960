import java.math.BigDecimal;
import java.nio.file.*;
import java.sql.*;
import java.util.Properties;

/** What a user does with Snowflake's JDBC driver. Ends with 0 where all is as it should be. */
public class JdbcRounds {
  static String environment(String name) {
    return System.getenv(name);
  }

  static Connection connect() throws SQLException {
    Properties properties = new Properties();
    properties.put("user", environment("ROUND_USER"));
    properties.put("password", environment("ROUND_PASSWORD"));
    properties.put("account", "snowline-test");
    properties.put("db", environment("ROUND_DATABASE"));
    properties.put("schema", environment("ROUND_SCHEMA"));
    properties.put("warehouse", "COMPUTE_WH");
    properties.put("ssl", "off");
    return DriverManager.getConnection("jdbc:snowflake://http://127.0.0.1:" + environment("ROUND_PORT") + "/", properties);
  }

  static void same(Object expected, Object actual) {
    if (!String.valueOf(expected).equals(String.valueOf(actual))) throw new AssertionError("not " + expected + " but " + actual);
  }

  static void round(String name) {
    System.out.println("ok " + name);
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection connection = connect()) {
      types(connection);
      binds(connection);
      transactions(connection);
      errors(connection);
      many(connection);
      metadata(connection);
      files(connection);
      cancelled(connection);
    }
  }

  static void types(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(
            "SELECT 1.25::NUMBER(10,2), 'é', TRUE, DATE '2026-01-31', '2026-01-31 10:11:12.5'::TIMESTAMP_NTZ, 1.5::FLOAT, NULL::INT,"
                + " TO_BINARY('00FF', 'HEX'), PARSE_JSON('{\"a\":1}'):a::INT")) {
      row.next();
      same(new BigDecimal("1.25"), row.getBigDecimal(1));
      same("é", row.getString(2));
      same(true, row.getBoolean(3));
      same("2026-01-31", row.getDate(4));
      same("2026-01-31 10:11:12.5", row.getTimestamp(5));
      same(1.5, row.getDouble(6));
      same(0, row.getInt(7));
      same(true, row.wasNull() || row.getObject(7) == null);
      same(2, row.getBytes(8).length);
      same(1, row.getInt(9));
    }
    round("types");
  }

  static void binds(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE OR REPLACE TABLE jdbc_rows (a INT, b VARCHAR, c TIMESTAMP_NTZ)");
    }
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_rows VALUES (?, ?, ?)")) {
      for (int n = 0; n < 500; n++) {
        insert.setInt(1, n);
        insert.setString(2, n % 5 == 0 ? null : "row " + n);
        insert.setTimestamp(3, Timestamp.valueOf("2026-01-31 10:11:12"));
        insert.addBatch();
      }
      same(500, insert.executeBatch().length);
    }
    try (PreparedStatement select = connection.prepareStatement("SELECT COUNT(*), COUNT(b), MAX(c) FROM jdbc_rows WHERE a >= ?")) {
      same(1, select.getParameterMetaData().getParameterCount());
      select.setInt(1, 100);
      ResultSet row = select.executeQuery();
      row.next();
      same(400, row.getInt(1));
      same(320, row.getInt(2));
      same("2026-01-31 10:11:12.0", row.getTimestamp(3));
    }
    try (PreparedStatement update = connection.prepareStatement("UPDATE jdbc_rows SET b = ? WHERE a < ?")) {
      update.setString(1, "it's");
      update.setInt(2, 10);
      same(10, update.executeUpdate());
    }
    round("binds");
  }

  static void transactions(Connection connection) throws SQLException {
    try (Connection other = connect(); Statement own = connection.createStatement(); Statement onlooker = other.createStatement()) {
      own.execute("CREATE OR REPLACE TABLE jdbc_money (a INT)");
      connection.setAutoCommit(false);
      own.execute("INSERT INTO jdbc_money VALUES (1)");
      same(0, count(onlooker));
      connection.rollback();
      own.execute("INSERT INTO jdbc_money VALUES (2)");
      connection.commit();
      connection.setAutoCommit(true);
      same(1, count(onlooker));
    }
    round("transactions");
  }

  static int count(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SELECT COUNT(*) FROM jdbc_money")) {
      row.next();
      return row.getInt(1);
    }
  }

  static void errors(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try {
        statement.executeQuery("SELECT * FROM no_such_table");
        throw new AssertionError("it did not fail");
      } catch (SQLException error) {
        same(2003, error.getErrorCode());
        same("42S02", error.getSQLState());
      }
    }
    round("errors");
  }

  static void many(Connection connection) throws SQLException {
    String sql = "SELECT SEQ4() AS n, REPEAT('x', 50) AS t FROM TABLE(GENERATOR(ROWCOUNT => 100000)) ORDER BY n";
    try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(sql)) {
      long sum = 0;
      while (row.next()) sum += row.getLong(1);
      same(4999950000L, sum);
    }
    round("many");
  }

  static void metadata(Connection connection) throws SQLException {
    DatabaseMetaData metadata = connection.getMetaData();
    try (ResultSet tables = metadata.getTables(environment("ROUND_DATABASE"), environment("ROUND_SCHEMA"), "JDBC_ROWS", null)) {
      same(true, tables.next());
      same("JDBC_ROWS", tables.getString("TABLE_NAME"));
    }
    try (ResultSet columns = metadata.getColumns(environment("ROUND_DATABASE"), environment("ROUND_SCHEMA"), "JDBC_ROWS", "%")) {
      StringBuilder names = new StringBuilder();
      while (columns.next()) names.append(columns.getString("COLUMN_NAME"));
      same("ABC", names);
    }
    round("metadata");
  }

  static void files(Connection connection) throws Exception {
    Path directory = Files.createTempDirectory("snowline-jdbc-");
    Path file = directory.resolve("rows.csv");
    Files.writeString(file, "1,a\n2,b\n");
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE OR REPLACE TEMPORARY STAGE jdbc_files");
      try (ResultSet put = statement.executeQuery("PUT 'file://" + file + "' @jdbc_files/folder")) {
        put.next();
        same("UPLOADED", put.getString("status"));
      }
      try (ResultSet row = statement.executeQuery("SELECT COUNT(*), MAX($2) FROM @jdbc_files/folder")) {
        row.next();
        same(2, row.getInt(1));
        same("b", row.getString(2));
      }
      statement.execute("GET @jdbc_files/folder 'file://" + directory + "/'");
      same(true, Files.size(directory.resolve("rows.csv.gz")) > 0);
    } finally {
      for (String name : new String[] {"rows.csv", "rows.csv.gz"}) Files.deleteIfExists(directory.resolve(name));
      Files.delete(directory);
    }
    round("files");
  }

  static void cancelled(Connection connection) throws SQLException {
    long started = System.currentTimeMillis();
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      try {
        statement.executeQuery("SELECT SYSTEM$WAIT(30)");
        throw new AssertionError("it was not cancelled");
      } catch (SQLException error) {
        same("57014", error.getSQLState());
      }
    }
    same(true, System.currentTimeMillis() - started < 15000);
    round("cancelled");
  }
}
