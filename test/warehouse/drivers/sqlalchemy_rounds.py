"""What a user does with SQLAlchemy on Snowflake: tables from classes, rows, queries, reflection, transactions."""

import datetime
import os

from snowflake.sqlalchemy import URL
from sqlalchemy import BigInteger, Boolean, Column, DateTime, MetaData, Numeric, String, Table, create_engine, func, inspect, select, text
from sqlalchemy.orm import DeclarativeBase, Session

engine = create_engine(
    URL(
        user=os.environ["ROUND_USER"],
        password=os.environ["ROUND_PASSWORD"],
        account="snowline-test",
        host="127.0.0.1",
        port=int(os.environ["ROUND_PORT"]),
        warehouse="COMPUTE_WH",
        database=os.environ["ROUND_DATABASE"],
        schema=os.environ["ROUND_SCHEMA"],
    ),
    connect_args={"protocol": "http"},
)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id = Column(BigInteger, primary_key=True, autoincrement=False)
    customer = Column(String(50), nullable=False)
    amount = Column(Numeric(10, 2))
    paid = Column(Boolean)
    placed = Column(DateTime)


def rows():
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    when = datetime.datetime(2026, 2, 3, 4, 5, 6)
    with Session(engine) as session:
        session.add_all([Order(id=n, customer=f"c{n % 3}", amount=n, paid=n % 2 == 0, placed=when) for n in range(10)])
        session.commit()
        found = session.scalars(select(Order).where(Order.paid.is_(True), Order.amount > 2).order_by(Order.id)).all()
        assert [(order.id, order.placed) for order in found] == [(4, when), (6, when), (8, when)], found
        sums = session.execute(select(Order.customer, func.sum(Order.amount)).group_by(Order.customer).order_by(Order.customer)).all()
        assert [(name, int(total)) for name, total in sums] == [("c0", 18), ("c1", 12), ("c2", 15)], sums
        session.get(Order, 4).customer = "changed"
        session.delete(session.get(Order, 5))
        session.commit()
        assert session.scalar(select(func.count()).select_from(Order)) == 9
        session.add(Order(id=99, customer="x"))
        session.rollback()
        assert session.get(Order, 99) is None


def reflection():
    inspector = inspect(engine)
    assert "orders" in inspector.get_table_names(), inspector.get_table_names()
    columns = {column["name"]: column for column in inspector.get_columns("orders")}
    assert list(columns) == ["id", "customer", "amount", "paid", "placed"], columns
    assert columns["customer"]["nullable"] is False and columns["amount"]["nullable"] is True
    assert (columns["amount"]["type"].precision, columns["amount"]["type"].scale) == (10, 2)
    assert inspector.get_pk_constraint("orders")["constrained_columns"] == ["id"], inspector.get_pk_constraint("orders")
    assert inspector.has_table("orders") and not inspector.has_table("no_such_table")
    table = Table("orders", MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar() == 9


def plain_text():
    with engine.begin() as connection:
        assert connection.execute(text("SELECT :a + 1"), {"a": 1}).scalar() == 2
        assert connection.execute(text("SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()")).one() == (
            os.environ["ROUND_DATABASE"],
            os.environ["ROUND_SCHEMA"],
        )


for one in [rows, reflection, plain_text]:
    one()
    print(f"ok {one.__name__}", flush=True)
engine.dispose()
