module example.com/holdfast-backend

go 1.22
