/* written by the owner of notifications */ export {};
